# The verbs. `make` alone prints them.
.DEFAULT_GOAL := help
VENV := .venv/bin/python
# Another Python than python3 for the virtual environment: make demo PYTHON=python3.12
export PYTHON
# Where Python may not keep what it compiled, each process of a test would compile anew.
unexport PYTHONDONTWRITEBYTECODE
PORT ?= 8800
MINUTES ?= 2
SEED ?= 1
KILLS ?= 500
CUTS ?= 30
PI := PYTHONPATH=.:tools/pi:tools/vm:tools/vm/inside $(VENV) tools/pi/run.py
IMAGE := PYTHONPATH=.:tools/image:tools/vm:tools/vm/inside $(VENV) tools/image/try.py
VM := PYTHONPATH=.:tools/vm/inside $(VENV) tools/vm/run.py

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## a whole cabinet on this machine, in the browser (LAN=1: a phone in the room can pay; LANGUAGES=en,ja: of the screen; PORT=8800)
	@tools/prepare.sh demo
	@exec $(VENV) -m simulator demo --port $(PORT) $(if $(LAN),--lan) $(if $(LANGUAGES),--languages $(LANGUAGES))

demo-once: ## one sale through the whole chain, with its time line; no browser, no display
	@tools/prepare.sh demo
	@exec $(VENV) -m simulator demo-once

chaos: ## break everything at random while players pay, and judge the money (MINUTES=2 SEED=1, and some minutes more; METER=1; CALM=1: break nothing)
	@tools/prepare.sh demo
	@exec $(VENV) -m simulator chaos --minutes $(MINUTES) --seed $(SEED) $(if $(CALM),--calm) $(if $(METER),--meter)

bench: ## measure it, each figure beside its target; about 35 minutes (QUICK=1: three; ONLY=coin_line: some)
	@tools/prepare.sh bench
	@$(VENV) -m bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

test: ## all tests (ARGS="-k door": some)
	@tools/prepare.sh test
	$(VENV) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-cloud: ## set the cloud up and check it: stand-in Stripe, a real broker, twenty wrong set-ups (part of `make test`)
	@tools/prepare.sh test
	$(VENV) -m pytest -m cloud $(ARGS)

test-fleet: ## the operator's book and pages, on SQLite and on PostgreSQL (part of `make test`)
	@tools/prepare.sh test
	$(VENV) -m pytest -m fleet $(ARGS)

kills: ## kill controller and coin line at random moments of trains, and compare ledger and wire (KILLS=500 SEED=1)
	@tools/prepare.sh test
	KILLS=$(KILLS) SEED=$(SEED) $(VENV) -m pytest --timeout 0 --log-cli-level INFO tests/test_kills.py

photos: PHOTOS = 200
photos: ## read the screen's code from simulated photos, and print how each was taken (PHOTOS=200 SEED=1; part of `make test`, with few)
	@tools/prepare.sh test
	PHOTOS=$(PHOTOS) SEED=$(SEED) $(VENV) -m pytest --timeout 0 --log-cli-level INFO tests/test_screen_photos.py

mutants: MINUTES = 10
mutants: ## change the rules here and there, and count what no test notices (MINUTES=10 ONLY=controller/rules/receipts.py JOBS=1)
	@tools/prepare.sh mutants
	@$(VENV) tools/mutants.py --minutes $(MINUTES) $(if $(JOBS),--jobs $(JOBS)) $(if $(ONLY),--only $(ONLY))

lint: ## style, types, the core's rules, and the shell scripts
	@tools/prepare.sh test
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	.venv/bin/lint-imports --no-logo
	$(VENV) -m mypy
	shellcheck --external-sources install.sh systemd/cabinet tools/*.sh tools/vm/*.sh tools/vm/inside/*.sh tools/pi/*.sh tools/image/*.sh tools/image/root/usr/local/sbin/* cloud_relay/server/install.sh cloud_relay/server/arcade-relay cloud_relay/server/arcade-fleet .ci/run

check: lint test ## what CI runs

test-install: ## install.sh in a Debian 12 container with a real systemd (root; takes minutes; SUITE=trixie: in the next one)
	tools/test-install.sh

test-server: ## docs/server.md for real: relay, broker and nginx on a Debian with systemd, and a sale through TLS (root; takes minutes)
	tools/test-server.sh

test-vm: ## install, sell, kill and cut the power in a QEMU guest with real GPIO (Debian 12, root; about ten minutes)
	@tools/prepare.sh test
	$(VM) $(STAGES) $(if $(WITHIN),--within $(WITHIN))

test-pi: ## arm64 without a Pi: Debian under emulation, then a Raspberry Pi 3 with its real pins (Debian 12, root; STAGES=pins: two minutes)
	@tools/prepare.sh test
	$(PI) $(STAGES)

image: ## a card's image with the cabinet installed, for Pi 3, 4 and Zero 2 W: build/image/cabinet.img (Debian 12, root; a quarter of an hour)
	tools/image/build.sh build/image

test-image: ## boot that image in QEMU, and set it up from its card: from one typo to the attract screen (Debian 12, root)
	@tools/prepare.sh test
	unshare --net sh -c 'ip link set lo up && exec "$$@"' - env $(IMAGE)

test-power: ## more cuts: the guest's plug is pulled at random moments of sales (Debian 12, root; CUTS=30 SEED=1)
	@tools/prepare.sh test
	$(VM) installing power --cuts $(CUTS) --seed $(SEED)

test-pygame: ## the attract screen on Debian's own pygame, as on a cabinet: pip's is newer (Debian; half a minute)
	@tools/prepare.sh test
	tools/test-pygame.sh $(ARGS)

bundle: ## gather the wheels of requirements/ for cabinets without a network, in build/bundle
	tools/bundle.sh

lock: ## choose the newest packages for cabinets, and write down their hashes: requirements/*.lock
	tools/lock.sh

outdated: ## which pinned packages are behind, or known to be bad; what nobody answers is "not known", and no success
	@tools/prepare.sh test
	@$(VENV) tools/outdated.py

test-bare: ## the first verbs on a Debian 12 with only git, make and python3, in a container (root; takes minutes)
	tools/test-bare-machine.sh

format: ## put the code into the project's style, and wrap the prose
	@tools/prepare.sh test
	$(VENV) -m ruff check --fix --quiet . || true
	$(VENV) -m ruff format .
	$(VENV) tools/wrap_prose.py $$(git ls-files --cached --others --exclude-standard '*.md')

pictures: ## draw the pictures of the docs anew
	@tools/prepare.sh test
	PYTHONPATH=. $(VENV) tools/pictures.py
	$(VENV) tools/wiring.py

docs: ## write anew what code writes: the broker's rules, a sale in docs/how-it-works.md, reads in docs/stripe-reads.md, what commands print in docs/cloud.md
	@tools/prepare.sh test
	cp config.yaml cloud_relay/operator/machines/config.yaml
	PYTHONPATH=. $(VENV) tools/broker_files.py
	PYTHONPATH=. $(VENV) tools/how_it_works.py
	PYTHONPATH=. $(VENV) tools/stripe_reads.py
	PYTHONPATH=. $(VENV) tools/cloud_page.py

locales: ## gather the texts that players read, bring all languages' catalogues up to them and compile them
	@tools/prepare.sh test
	PYTHONPATH=. $(VENV) tools/locales.py

screens: ## draw every picture of the screen, in each design, language, size and rotation, on contact sheets in build/screens (some minutes; THEME=night LANGUAGE=en ROTATE=0: fewer; RENEW=1: those that the tests compare)
	@tools/prepare.sh test
	PYTHONPATH=. $(VENV) tools/contact_sheets.py $(if $(THEME),--theme $(THEME)) $(if $(LANGUAGE),--language $(LANGUAGE)) $(if $(ROTATE),--rotate $(ROTATE)) $(if $(RENEW),--renew)

release: ## check, stamp and tag a release of what is committed on main (VERSION=1.2.3)
	@python3 tools/release.py $(VERSION)

clean: ## remove what the verbs made here
	rm -rf .venv .demo build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help demo demo-once chaos bench test test-server test-cloud test-fleet test-pygame kills photos mutants lint check test-install bundle lock outdated test-bare test-vm test-pi image test-image test-power format pictures docs locales release clean
