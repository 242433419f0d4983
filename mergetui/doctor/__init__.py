"""Whether all that mergetui needs of the machine, the disk and the remotes is there; it changes nothing."""
