"""Commands of the command line that are more than a call: each module a few of one kind."""
