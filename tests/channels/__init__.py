"""What every channel must do, and what each one does beyond that."""
