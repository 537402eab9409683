"""Technicians' accounts: who they are, how they sign in, how long a sign-in lasts."""
