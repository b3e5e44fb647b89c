"""Tables, parameters and dated sets of rules as a workbook for spreadsheets, and back (the extra `xlsx`)."""
