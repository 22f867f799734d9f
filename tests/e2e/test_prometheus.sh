#!/bin/sh
# SPDX-License-Identifier: MIT
# The alert rules and the Grafana dashboard of httpd-conf/prometheus: promtool takes every expression, the
# alerts fire when they should, and every number that is named is one that GET /metrics has. Run by
# tests/e2e/run, which sets ROLLCALL_URL and ROLLCALL_TEST_RUN.
# e2e: once
set -eu

here=$(cd "$(dirname "$0")" && pwd)
shipped=$(cd "$here/../../httpd-conf/prometheus" && pwd)
if ! command -v promtool >/dev/null; then
	echo "test_prometheus: SKIPPED: there is no promtool; install prometheus"
	exit 0
fi
work=$(mktemp -d "$ROLLCALL_TEST_RUN/prometheus-XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$shipped/rollcall.rules.yml" "$here/prometheus/rules-test.yml" "$work"
cd "$work"

promtool check rules rollcall.rules.yml
promtool test rules rules-test.yml

# The dashboard's expressions as rules, so that promtool reads them.
python3 - "$shipped/dashboard.json" >dashboard.yml <<'EOF'
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
print("groups:\n- name: dashboard\n  rules:")
for n, t in enumerate(t for p in panels for t in p["targets"]):
    print(f"  - record: panel_{n}\n    expr: {json.dumps(t['expr'])}")
EOF
promtool check rules dashboard.yml

curl -fsS --noproxy '*' "$ROLLCALL_URL${ROLLCALL_TEST_BASE:-}/metrics" | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' >known
grep -oh 'rollcall_[a-z_]*' rollcall.rules.yml dashboard.yml | sed 's/_bucket$//' | sort -u >named
missing=$(grep -vxF -f known named || true)
if [ -n "$missing" ]; then
	echo "GET /metrics does not have: $missing" >&2
	exit 1
fi
echo "1 passed, 0 failed"
