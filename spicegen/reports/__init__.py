"""What people see: pages, pictures, and tables on a terminal. Nothing that computes imports this room."""
