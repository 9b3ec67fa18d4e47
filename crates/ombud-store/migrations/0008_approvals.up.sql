-- When somebody must look at what people are asked to approve in a conversation.
--
-- A column, though replicas of the release before go on writing rows without it: no pack asks for approvals before all of them know these, since a
-- policy that names `context.approvals` denies where there is no such thing.
ALTER TABLE inbox_2 ADD COLUMN approval_due_us BIGINT;
CREATE INDEX inbox_2_approvals ON inbox_2 (tenant, approval_due_us);
