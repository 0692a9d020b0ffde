-- What a subscription has otherwise than its plan, a segment each; '' without.
ALTER TABLE subscription_segment ADD COLUMN overrides text NOT NULL DEFAULT '';
