"""The decision in the languages of other engines, one file each, and each called the fastest way we found."""
