-- `active`, and `time_weighted` of a property, are folded as well: every log is folded again.

DELETE FROM usage_mark;
DELETE FROM usage_sum;
DELETE FROM usage_value;
DELETE FROM usage_place;
