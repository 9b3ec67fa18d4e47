DROP TABLE subjects;
DROP TABLE holds;
DROP TABLE vault_homes;
DELETE FROM projections WHERE name = 'inbox_3';
