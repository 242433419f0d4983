"""What forges tell by webhook, believed, kept and done.

A delivery is checked, understood and stored before it is answered; what it asks for is done afterwards, with
the commands that an operator has. See ADR 10.
"""
