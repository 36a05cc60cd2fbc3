# The commands of this repository. Each brings what it needs onto the machine first;
# scripts/lib.sh says how. Options go to the scripts themselves: scripts/test --help.

.PHONY: help run test core soak lint format bench wheel stop clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

run: ## Odoo with demo data on http://localhost:8069 (RESET=1 afresh, PORT=… elsewhere)
	@scripts/run

test: ## all tests
	@scripts/test

lint: ## what reviewers need not look at
	@scripts/lint

format: ## lay out Python, XML, JavaScript and SCSS
	@scripts/lint --format

soak: ## who is charged how often, whatever happens, at full size (an hour or two)
	@scripts/soak

core: ## Odoo's own tests of its web shop, beside us and without (half an hour or more)
	@scripts/core

bench: ## how fast we bill, beside others (PART=analytics: how fast reports are, PART=watch: alerts)
	@scripts/bench

wheel: ## dist/odoo_addon_subscriptions-….whl
	@scripts/wheel

stop: ## stop this checkout's PostgreSQL servers
	@scripts/stop

clean: ## stop them and delete this checkout's databases, logs and copies
	@scripts/stop --clean
