.PHONY: drills release test mutants soak lint bench generate check-generated

# Everything, on both databases and in a browser; installs what is missing.
test:
	@scripts/test.sh

# The proofs that take hours, in full; DOSE=short for what fits every run.
# PART="power disk" for some.
soak:
	@scripts/soak.sh $(or $(DOSE),full) $(PART)

# Small changes of money, signing and state that the tests must notice; PART names
# a group, package or file.
mutants:
	@scripts/mutants.sh $(PART)

# Programs, their parts and checksums, each built twice: make release VERSION=v1.2.3;
# SIGN=KEY signs them.
release:
	@scripts/release.sh "$(VERSION)" $(if $(SIGN),--sign $(SIGN))

# gofmt and go vet.
lint:
	@scripts/lint.sh

# A table of rates and ratios; PKG=./internal/ledger BENCH=Hold for some, BENCHTIME=10s.
bench:
	@scripts/bench.sh $(PKG)

# Queries (sqlc) and pages (templ).
generate:
	@scripts/generate.sh

# Fails when the committed generated code is not what the sources make.
check-generated:
	@scripts/generate.sh --check

# The drills of docs/operations.md, on the real program.
drills:
	@set -e; for drill in $$(ls scripts/drills/*.sh | grep -v lib.sh); do echo "# $$drill"; $$drill; done
