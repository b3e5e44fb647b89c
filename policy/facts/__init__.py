"""Facts from outside: their classes (`records`), reading them (`from_json`), and saying what is wanted (`schema`)."""
