DROP INDEX inbox_2_list_of_assignee;
DROP INDEX inbox_2_list_of_customer;
