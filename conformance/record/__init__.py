"""Performing scenarios against a server and recording every byte."""
