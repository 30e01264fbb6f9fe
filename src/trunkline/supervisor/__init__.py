"""`trunkline serve`: starts the processes of one machine, restarts the dead, and drains them at the end."""
