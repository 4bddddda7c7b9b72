-- Raw pages are compressed already: do not try again.
ALTER TABLE connectors_page ALTER COLUMN body SET STORAGE EXTERNAL;
