"""The built-in general ledger: chart of accounts, posting, periods, reports and exports, without any HTTP.

Pure: `chart`, `entry_lines`, `statements`, `spreadsheet`, `hledger`, `beancount`, `report_rows`.
Shell (this package's services and selectors): `acceptance`, `posting`, `voiding`, `accounts`, `periods`, `reports`,
`exports`.
"""
