-- The desk shows earlier conversations of a customer beside each one, and each person's own.
CREATE INDEX inbox_2_list_of_customer ON inbox_2 (tenant, customer_id, list_rank, list_order_us, conversation_id);
CREATE INDEX inbox_2_list_of_assignee ON inbox_2 (tenant, assignee, list_rank, list_order_us, conversation_id);
