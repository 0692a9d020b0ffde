#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""phial demo --pack: from a pack to a verified export, nothing left running; and a name that is no pack's. What it makes of each
pack is tried in tests/cli/test_demo_pack.c."""
import os
import shutil
import subprocess
import sys
import tempfile

PHIAL = sys.argv[2]


def demo(*arguments):
    done = subprocess.run([PHIAL, 'demo', *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


code, said, complaint = demo('--pack', 'none')
assert code == 1 and not said and 'phial pack list' in complaint, (code, said, complaint)
folder = tempfile.mkdtemp(prefix='phial-scenario-', dir='/tmp')
code, said, complaint = demo('--pack', 'samd', '--keep', folder)
assert code == 0 and 'VERIFIED' in said and 'Active prescriptions' in said, (said, complaint)
archive = os.path.join(folder, 'samd-customer-1.tar')
assert subprocess.run([PHIAL, 'verify', archive, '--key', folder + '/ledger.pub.pem'], stdout=subprocess.DEVNULL).returncode == 0
assert not [name for name in os.listdir(folder) if os.path.exists(f'{folder}/{name}/postmaster.pid')]
shutil.rmtree(folder)
os.unlink(folder + '.log')
