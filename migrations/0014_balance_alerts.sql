-- Alerts may watch prepaid credit as well.
ALTER TABLE alert DROP CONSTRAINT alert_measures_check;
ALTER TABLE alert ADD CONSTRAINT alert_measures_check
    CHECK (measures IN ('metric', 'amount', 'commitment', 'balance'));
