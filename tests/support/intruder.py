# SPDX-License-Identifier: Apache-2.0
"""A superuser who has switched every guard off and knows how a log is made."""
import json

import tree

BLOCK = 256  # leaves under a node that is stored
GUARDED = ('ledger_entry', 'ledger_head', 'ledger_node')


def unguarded(*texts):
    return ["SET phial.migrating = 'on'", 'SET session_replication_role = replica',
            *[f'ALTER TABLE {table} DISABLE TRIGGER USER' for table in GUARDED], *texts]


class Intruder:
    def __init__(self, sql, customer):
        """`sql` runs texts as a superuser, all in one session."""
        self.sql = sql
        self.customer_id = sql(f"SELECT customer_id FROM customer WHERE key = '{customer}'")
        sql(*unguarded())

    def does(self, text):
        """`:its` stands for the log's rows."""
        self.sql(*unguarded(text.replace(':its', 'customer_id = ' + self.customer_id)))

    def leaves(self):
        rows = self.sql(f'SELECT encode(leaf, \'hex\') FROM ledger_entry WHERE customer_id = {self.customer_id} ORDER BY entry_index')
        return [bytes.fromhex(row) for row in rows.splitlines()]

    def replace(self, index, leaf):
        self.does(f"UPDATE ledger_entry SET leaf = '\\x{leaf.hex()}' WHERE :its AND entry_index = {index}")

    def append(self, entry):
        """An event that nobody sent, with all that goes with it."""
        leaf = json.dumps(entry, sort_keys=True, separators=(',', ':'))
        self.does(f"INSERT INTO ledger_entry (customer_id, entry_index, kind, identity, event_time, leaf) SELECT {self.customer_id}, size, 0, "
                  f"decode(md5('{leaf}'), 'hex'), '{entry['event']['time']}', convert_to('{leaf}', 'UTF8') FROM ledger_head WHERE :its")
        self.makes_it_fit()

    def makes_it_fit(self):
        """The head and the nodes are made those of the bytes."""
        hashes = [tree.leaf_hash(leaf) for leaf in self.leaves()]
        size, nodes, at = len(hashes), b'', 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                nodes += tree.root_of(hashes[at:at + (1 << level)])
                at += 1 << level
        texts = [f"UPDATE ledger_head SET size = {size}, nodes = '\\x{nodes.hex()}' WHERE customer_id = {self.customer_id}",
                 f'DELETE FROM ledger_node WHERE customer_id = {self.customer_id} AND level = 8 AND number >= {size // BLOCK}']
        for number in range(size // BLOCK):
            root = tree.root_of(hashes[number * BLOCK:(number + 1) * BLOCK])
            texts.append(f"UPDATE ledger_node SET hash = '\\x{root.hex()}' WHERE customer_id = {self.customer_id} AND level = 8 AND number = {number}")
        self.sql(*unguarded(*texts))
