#!/usr/bin/env python3
"""Installs the tools of late stages: install.py DIRECTORY. Each test installs what is missing itself.

`tests/all.sh` runs it beside the build: downloads need no processor.
"""

import sys
from pathlib import Path

import init
import packaging
import scanners
from harness import node

tools = Path(sys.argv[1]).resolve()
for install in (scanners.checkov_programs, node.install_packages, init.programs, packaging.programs):
    install(tools)
