DROP INDEX inbox_2_approvals;
ALTER TABLE inbox_2 DROP COLUMN approval_due_us;
