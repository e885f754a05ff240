"""One cited model a file; the file's name is the model's name and MODEL the object."""
