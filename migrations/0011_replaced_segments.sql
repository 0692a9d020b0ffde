-- A second change of plan on the day of an earlier one takes its place: the ledger's entries keep
-- both.
GRANT UPDATE ON subscription_segment TO phial_daemon;
