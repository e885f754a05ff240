"""What people see: pages, pictures, progress, tables on a terminal."""
