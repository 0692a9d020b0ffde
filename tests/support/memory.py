# SPDX-License-Identifier: Apache-2.0
"""Looks for texts in a running process: every page that it has in memory, its stacks and freed memory included."""
import os
import struct
import subprocess
import tempfile

PAGE = os.sysconf('SC_PAGE_SIZE')
PRESENT = 3 << 62  # in memory, or swapped out


def family(pid):
    """The process and its descendants."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat') as f:
                    parents.setdefault(int(f.read().rsplit(')', 1)[1].split()[1]), []).append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def may_look(pid):
    try:
        with open(f'/proc/{pid}/mem', 'rb'), open(f'/proc/{pid}/pagemap', 'rb') as f:
            f.read(8)
        return True
    except OSError:
        return False


def regions(pid):
    with open(f'/proc/{pid}/maps') as f:
        for line in f:
            part = line.split(maxsplit=5)
            begin, end = (int(x, 16) for x in part[0].split('-'))
            name = part[5].strip() if len(part) > 5 else ''
            is_program = 'w' not in part[1] and name.startswith('/')
            if 'r' in part[1] and not is_program and name not in ('[vvar]', '[vsyscall]'):
                yield begin, end, name or 'anonymous'


def pages(pid):
    """(address, bytes, region) of every run of pages that is there."""
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as mem, open(f'/proc/{pid}/pagemap', 'rb', buffering=0) as pagemap:
        for begin, end, name in regions(pid):
            entries = os.pread(pagemap.fileno(), (end - begin) // PAGE * 8, begin // PAGE * 8)
            there = [e & PRESENT != 0 for e, in struct.iter_unpack('Q', entries)]
            at = 0
            while at < len(there):
                last = at
                while last < len(there) and there[last] and last - at < 4096:
                    last += 1
                if last > at:
                    try:
                        yield begin + at * PAGE, os.pread(mem.fileno(), (last - at) * PAGE, begin + at * PAGE), name
                    except OSError:
                        pass  # gone meanwhile
                at = max(last, at + 1)


def search(pid, values):
    """[(value, region, address)] of what is found; and how many bytes were looked at."""
    with tempfile.NamedTemporaryFile('w') as wanted, tempfile.TemporaryFile() as image:
        wanted.write('\n'.join(values))
        wanted.flush()
        places, total = [], 0
        for address, data, name in pages(pid):
            places.append((total, address, name))
            image.write(data)
            image.write(b'\n')
            total += len(data) + 1
        image.seek(0)
        found = subprocess.run(['grep', '-aobF', '-f', wanted.name], stdin=image, capture_output=True, env={'LC_ALL': 'C'})
        assert found.returncode in (0, 1), found.stderr
    hits = []
    for line in found.stdout.splitlines():
        offset, _, value = line.partition(b':')
        start, address, name = max(p for p in places if p[0] <= int(offset))
        hits.append((value.decode(errors='replace'), name, hex(address + int(offset) - start)))
    return hits, total
