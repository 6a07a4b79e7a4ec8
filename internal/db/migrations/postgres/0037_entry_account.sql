-- +goose Up
-- Nothing looks for the entries of one account: balances are kept, and audits
-- read the books in their order. The index was two more places to write to in
-- every transfer, one for each account.
drop index entry_account;
