"""The judge: compare two messages, combine the steps into a verdict, match it with what is expected.

Pure. It knows no library, no broker and no wire; it is handed messages and says how they differ.
"""
