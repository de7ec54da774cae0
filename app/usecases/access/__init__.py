"""People and their own access: account, sessions, second factors."""
