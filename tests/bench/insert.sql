-- SPDX-License-Identifier: Apache-2.0
\set customer random(1, 200)
INSERT INTO ledger_entry (customer_id, entry_index, kind, identity, event_time, leaf) VALUES (:customer, nextval('bench_position'), 0, int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint) || substring(uuid_send(gen_random_uuid()) FROM 9), now(), convert_to(repeat('x', :leaf), 'UTF8'));
