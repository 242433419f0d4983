"""Look, plan, act for one repository."""
