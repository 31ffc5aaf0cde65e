# SPDX-License-Identifier: Apache-2.0
# Everything runs out of one virtual environment, made when first needed.
ENV     ?= local
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
PLAY    := $(BIN)/ansible-playbook -i inventories/$(ENV)
READY   := $(VENV)/.ready
# What each commit proves on the embedded cloud; `make proof` runs all of it, which takes hours on a slow machine.
EACH_COMMIT := $(addprefix tests/integration/test_,environment.py platform.py golden_plans.py summary.py routes.py cost.py \
                            transitions.py credentials.py recorded_answers.py bad_input.py no_opinion.py costs.py \
                            several.py gone_meanwhile.py pairs.py redis_pairs.py global_datastores.py) \
               $(addprefix tests/localcloud/test_,models.py strictness.py rates.py tagging.py kinesis.py policies.py) \
               $(addprefix tests/proof/test_,machine.py removal.py broken_streambed.py)
# How many steps of random walks each commit takes for the stream, for the bucket and for the cache: 500 pairs and more.
EACH_WALK := 120
# An environment that lives in the embedded cloud says so in its inventory.
CLOUD   := $(if $(shell grep -Rls LOCALCLOUD_DIR inventories/$(ENV)),cloud-up)

.DEFAULT_GOAL := help
.PHONY: help setup site plan drift history permissions report preflight rehearse accept verify outputs destroy unlock adopt environment \
        cloud-up cloud-down cloud-status check test proof mutants lint unit integration real-redis molecule sanity matrix \
        collection changelog docs sbom plans schema prices bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ENV=local|dev|staging|prod names the environment; local, the default, is the embedded cloud"
	@echo "  make site asks on a terminal; APPROVE=yes or the digest that make plan shows answers"

setup: $(READY) ## Make the virtual environment with pinned packages and the collections

$(READY): requirements.lock requirements.yml awx/requirements.yml pyproject.toml tools/set_up.py tools/install_collections.py
	@$(PYTHON) tools/set_up.py $(VENV)
	@touch $@

site: $(READY) $(CLOUD) ## Lay the whole environment ENV, or bring it up to date
	@APPROVE="$(APPROVE)" $(BIN)/python tools/site.py $(ENV) $(ARGS)

plan: $(READY) $(CLOUD) ## Show what `make site` would do, call by call; changes nothing
	@$(PLAY) playbooks/plan.yml $(ARGS)

drift: $(READY) $(CLOUD) ## Fail when the environment is not as declared, and say where
	@$(PLAY) playbooks/drift.yml $(ARGS)

history: $(READY) $(CLOUD) ## Tell the newest runs that changed the environment: who, when, which calls, what came of it
	@$(PLAY) playbooks/history.yml $(ARGS)

report: $(READY) $(CLOUD) ## Write a page to look at: artifacts/<environment>/report.html, with the plan as Markdown beside it
	@$(PLAY) playbooks/report.yml $(ARGS)

permissions: $(READY) ## Write the IAM policies of each verb, as narrow as AWS takes them
	@$(PLAY) playbooks/permissions.yml $(ARGS)

preflight: $(READY) $(CLOUD) ## Check account, region, zones, quotas and names
	@$(PLAY) playbooks/preflight.yml $(ARGS)

rehearse: $(READY) $(CLOUD) ## Ask a real account what it would say to the plan; changes nothing
	@$(PLAY) playbooks/rehearse.yml $(ARGS)

accept: $(READY) $(CLOUD) ## Try a sandbox account: lay, change, look, remove; CONFIRM must repeat the name (ANSWERS=folder keeps what AWS said)
	@CONFIRM="$(CONFIRM)" $(BIN)/python tools/accept.py $(ENV) $(if $(ANSWERS),--answers $(ANSWERS))

verify: $(READY) $(CLOUD) ## Try out what is there: streams, cache, bucket, lock, ways through the network
	@$(PLAY) playbooks/verify.yml $(ARGS)

outputs: $(READY) $(CLOUD) ## Write ids, endpoints and backend settings to artifacts/ENV/
	@$(PLAY) playbooks/outputs.yml $(ARGS)

destroy: $(READY) $(CLOUD) ## Remove the environment; CONFIRM must repeat its name
	@$(PLAY) playbooks/destroy.yml -e confirm=$(CONFIRM) $(ARGS)

unlock: $(READY) $(CLOUD) ## Say who holds the environment's lock; LOCK_ID frees the lock of a dead run
	@$(PLAY) playbooks/unlock.yml $(if $(LOCK_ID),-e lock_id=$(LOCK_ID)) $(ARGS)

adopt: $(READY) ## Take over what Terraform built: STATE=s3://… or a file; CONFIRM must repeat the name (NAMES="vpc=… redis=…", STACK, LOCK_TABLE)
	@CONFIRM="$(CONFIRM)" $(BIN)/python -m tools.adopt "$(ENV)" $(if $(STATE),"$(STATE)") $(if $(STACK),--stack "$(STACK)") \
	    $(if $(LOCK_TABLE),--lock-table "$(LOCK_TABLE)") $(if $(NAMES),--names $(NAMES))

environment: $(READY) ## Write the inventory of a new environment NAME that is as FROM
	@$(BIN)/python tools/environment.py "$(NAME)" "$(FROM)"

cloud-up: $(READY) ## Start the embedded cloud (PORT=… to choose its port)
	@$(BIN)/python -m localcloud up $(if $(PORT),--port $(PORT))

cloud-down: $(READY) ## Stop the embedded cloud; what it held is gone
	@$(BIN)/python -m localcloud down

cloud-status: $(READY) ## Say whether the embedded cloud runs, and where
	@$(BIN)/python -m localcloud status

check: $(READY) ## Check what differs from main in under a minute: lint, unit tests, one run of the platform
	@$(BIN)/python tools/check.py

test: lint unit integration molecule ## Run what each commit has to prove

proof: $(READY) ## Run every test there is in its full size, over hours; stopped, it goes on where it was (ARGS=words chooses files)
	@$(BIN)/python tools/proof.py $(ARGS)
	@$(if $(ARGS),true,$(BIN)/python tools/molecule.py)

mutants: $(READY) ## Change our own code in places that are drawn, and see whether a test fails (ARGS="number seed")
	@$(BIN)/python tools/mutants.py $(ARGS)

lint: $(READY) ## Check style, types, YAML, playbooks and the changelog's fragments
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/yamllint --strict .
	@PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/ansible-lint --offline --profile production
	@$(BIN)/antsibull-changelog lint

unit: $(READY) ## Run the tests that need no cloud
	@$(BIN)/pytest tests/unit

integration: $(READY) ## Run the tests on the embedded cloud that each commit has to pass
	@STREAMBED_PAIRS=$(EACH_WALK) $(BIN)/pytest -n 2 --dist loadfile $(EACH_COMMIT)

real-redis: $(READY) ## Run the tests that need redis-server or valkey-server
	@STREAMBED_REAL_REDIS=1 $(BIN)/pytest -rs tests/localcloud/test_real_redis.py tests/integration/test_real_rotation.py \
	    tests/integration/test_real_verify.py

molecule: $(READY) ## Run a molecule scenario on the embedded cloud; SCENARIO=… chooses another
	@$(BIN)/python tools/molecule.py $(or $(SCENARIO),kinesis)

sanity: $(READY) ## Run ansible-test sanity on the collection
	@$(BIN)/python -m tools.sanity $(ARGS)

matrix: $(READY) ## Run unit tests, both routes, the platform and a scenario on the ends of every range of versions
	@$(BIN)/python -m tools.matrix $(ROWS)

collection: $(READY) ## Build the collection's archive in artifacts/release/
	@$(BIN)/python -m tools.collection

changelog: $(READY) ## Write CHANGELOG.md for the version that collection/galaxy.yml states
	@$(BIN)/antsibull-changelog release --version $$(sed -n 's/^version: //p' collection/galaxy.yml)

docs: $(READY) ## Build the documentation's site in artifacts/site/, strictly and without the network
	@$(BIN)/mkdocs build --quiet --strict

sbom: $(READY) ## List what is installed, as CycloneDX and with licences, in artifacts/release/
	@mkdir -p artifacts/release
	@$(BIN)/cyclonedx-py environment --output-reproducible --output-file artifacts/release/sbom.json $(BIN)/python
	@$(BIN)/pip-licenses --format markdown --with-urls --output-file artifacts/release/licences.md

plans: $(READY) ## Write the golden plans and docs/permissions/ anew
	@$(BIN)/pytest tests/integration/test_golden_plans.py tests/unit/test_permissions.py --write-plans

schema: $(READY) ## Write docs/variables.schema.json anew, for editors
	@$(BIN)/python tools/variables_schema.py

prices: $(READY) ## Compare our price list with AWS's, through the pricing API
	@$(BIN)/python tools/prices.py

bench: $(READY) ## Measure against an ordinary playbook and Terraform, as ratios within one run
	@$(BIN)/python -m benchmarks.from_scratch
	@$(BIN)/python -m benchmarks.embedded --rounds 200
	@$(BIN)/python -m benchmarks.no_op
	@$(BIN)/python -m benchmarks.fleet --sizes 10,20

lock: ## Resolve requirements*.txt anew into requirements.lock
	@$(PYTHON) tools/lock.py

clean: ## Stop the embedded cloud and remove what was generated
	@test ! -x $(BIN)/python || $(BIN)/python -m localcloud down
	@rm -rf $(VENV) .localcloud artifacts .ansible
