"""`python -m cfn_emulator`; see `server.main`."""

from cfn_emulator.server import main

main()
