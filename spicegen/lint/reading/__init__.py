"""Reading: the text of a Verilog-A file to a syntax tree; nothing here knows a rule."""
