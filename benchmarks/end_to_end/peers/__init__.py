"""The programs that are compared, each started as it comes."""
