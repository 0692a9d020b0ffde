-- Closing statements: what came too late for the last statement of a subscription that has ended.
-- A draft of one goes again when there is nothing left that it would bill; nothing else can be deleted.

CREATE FUNCTION invoice_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an issued invoice is never deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER invoice_guard BEFORE DELETE ON invoice
    FOR EACH ROW EXECUTE FUNCTION invoice_is_kept();
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_guard;
GRANT DELETE ON invoice TO phial_daemon;

-- What came too late before there were any is looked for by the next run.
UPDATE invoice
SET terms_seen = ''
FROM subscription
WHERE invoice.subscription_id = subscription.subscription_id AND subscription.ends_at IS NOT NULL
  AND invoice.status <> 'void'
  AND EXISTS (SELECT FROM late_period WHERE late_period.subscription_id = subscription.subscription_id);
