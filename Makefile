# One command for people and CI. Everything is done by the scripts in tools/; nothing but Python >= 3.11 and git is needed.
#   make demo   make test   make check   make bench         the four that matter; options go into ARGS="..."
#   make setup  make viewer make lock    make wheels  make format  make clean
#   make bench-record ARGS="--install --small": records real programs for the benchmarks (root, Debian, two minutes)
#   make bench-peers: the same scenes with Relevo and with VNC in a browser (root for the shaped lines, about ten minutes)
#   make chaos: the relay is killed a hundred times; nothing recorded may be lost (ARGS="--rounds 10"); the same of
#   PostgreSQL (ARGS="--database"), of the page cache (ARGS="--power"), beside a real agent (ARGS="--agent")
#   make attack: what somebody hostile would try, against a relay of its own; make fuzz: broken input in both languages
#   make soak: joins, leaves and stalls for a while, with the slope of the memory (ARGS="--help" tells each one's options)
#   make sbom: everything that Relevo is made of, with licences and hashes (CycloneDX; ARGS="--output FILE")
#   make advisories: known weaknesses of all that, asked of a service on the network (exit status 2: not available)
#   make test-reboot: a real restart of a Debian under QEMU (root, debootstrap, some minutes)

# The first Python that is new enough; PYTHON=... overrides.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done),python3)
ARGS ?=
RUN := .venv/bin/python

.PHONY: help setup demo test test-reboot check bench bench-record bench-peers attack fuzz chaos soak sbom advisories viewer lock wheels format clean

help:
	@sed -n '2,4s/^# *//p' Makefile

setup:
	@$(PYTHON) -m tools.set_up

demo: setup
	@$(RUN) -m tools.demo $(ARGS)

test: setup
	@$(RUN) -m tools.test $(ARGS)

test-reboot: setup
	@$(RUN) -m tools.restart_proof $(ARGS)

check: setup
	@$(RUN) -m tools.check $(ARGS)

bench: setup
	@$(RUN) -m benchmarks $(ARGS)

bench-record: setup
	@$(RUN) -m benchmarks record $(ARGS)

bench-peers: setup
	@$(RUN) -m benchmarks.end_to_end $(ARGS)

attack: setup
	@$(RUN) -m tests.attacks $(ARGS)

fuzz: setup
	@$(RUN) -m tools.fuzz $(ARGS)

chaos: setup
	@$(RUN) -m tools.chaos $(ARGS)

soak: setup
	@$(RUN) -m tools.soak $(ARGS)

sbom: setup
	@$(RUN) -m tools.sbom $(ARGS)

advisories: setup
	@$(RUN) -m tools.advisories $(ARGS)

viewer: setup
	@$(RUN) -m tools.viewer $(ARGS)

lock: setup
	@$(RUN) -m tools.lock $(ARGS)

wheels: setup
	@$(RUN) -m tools.wheels $(ARGS)

format: setup
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix --exit-zero .

clean:
	@$(PYTHON) -m tools.clean
