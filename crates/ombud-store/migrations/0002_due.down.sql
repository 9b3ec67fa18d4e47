DROP INDEX replies_by_age;
DROP TABLE cursors;
DROP TABLE inbox_2;
DELETE FROM projections WHERE name = 'inbox_2';
