# Shared by the commands in this folder: brings a bare Debian machine to a working Odoo 19.
# Every ensure_* function is idempotent and takes milliseconds when its work is done.
# shellcheck shell=bash
set -euo pipefail
umask 022 # PostgreSQL runs as another user and must be able to enter the cache

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [ -z "${SUBSCRIPTIONS_CACHE:-}" ]; then
    # PostgreSQL never runs as root, and cannot look into root's home.
    if [ "$(id -u)" = 0 ]; then SUBSCRIPTIONS_CACHE=/var/cache/subscriptions-dev
    else SUBSCRIPTIONS_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/subscriptions; fi
fi
CACHE=$SUBSCRIPTIONS_CACHE
# What belongs to one checkout (databases, logs, assembled addons) is keyed by its path,
# so that two checkouts work side by side.
CHECKOUT=$(printf %s "$ROOT" | sha256sum | cut -c1-10)
STATE=$CACHE/checkouts/$CHECKOUT
ADDONS=$STATE/addons
ASKED_PGHOST=${PGHOST:-}
# On a server of the user's own, the databases of two checkouts stand beside each other.
SUFFIX=${ASKED_PGHOST:+_$CHECKOUT}
STARTED=$SECONDS
DEMO_DB=${SUBSCRIPTIONS_DB:-subscriptions_demo}
# What the addon depends on, and what its demonstration and tests want beside it.
BASE_MODULES=sale_management,account_payment,base_automation,payment_demo

say() { printf '\033[1m[%3ds] %s\033[0m\n' $((SECONDS - STARTED)) "$*" >&2; }
die() { printf '\033[31mstopped:\033[0m %s\n' "$*" >&2; exit 1; }
# Bash shields background jobs from Ctrl-C, so they are told here.
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM

# quietly LOG COMMAND…: hides the output, shows a sign of life, and the tail on failure.
quietly() {
    local log=$1 pid; shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        for _ in $(seq 50); do kill -0 $pid 2>/dev/null || break; sleep 0.2; done
        kill -0 $pid 2>/dev/null && printf '.' >&2
    done
    wait $pid || { printf '\n' >&2; tail -n 25 "$log" >&2; return 1; }
    printf '\r' >&2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "this needs root rights once: run as root or install sudo ($*)"; fi
}

# locked FILE FUNCTION…: one process at a time. What FUNCTION starts does not inherit the
# lock, else a PostgreSQL server would hold it for as long as it lives.
locked() {
    local fd status file=$1; shift
    mkdir -p "$(dirname "$file")"
    exec {fd}>"$file"
    flock -n "$fd" || { say "waiting for another command that is at the same work"; flock "$fd"; }
    eval '"$@"' "$fd>&-"
    status=$? # seen only where `set -e` is off, as in `locked … || die`
    exec {fd}>&-
    return $status
}

# --- system packages -----------------------------------------------------------------

# ensure_packages PROGRAM:PACKAGE…
ensure_packages() {
    local pair missing=()
    for pair in "$@"; do
        case $pair in
            /*) [ -e "${pair%%:*}" ] || missing+=("${pair##*:}") ;;
            *) command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}") ;;
        esac
    done
    [ ${#missing[@]} = 0 ] || locked "$CACHE/.lock-apt" install_packages "${missing[@]}"
}

install_packages() {
    command -v apt-get >/dev/null || die "please install what Debian calls: $*"
    say "installing system packages: $*"
    quietly "$CACHE/log/apt-update.log" as_root apt-get update ||
        die "apt-get update failed: check the network and $CACHE/log/apt-update.log"
    quietly "$CACHE/log/apt-install.log" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" ||
        die "apt-get install failed: see $CACHE/log/apt-install.log"
}

# --- Odoo ----------------------------------------------------------------------------

# Without the last ones, links of its web assets dangle and every page fails.
ODOO_PACKAGES="odoo-19 libjs-jquery libjs-underscore libjs-jquery-form fonts-inconsolata
    fonts-font-awesome fonts-montserrat fonts-ocr-b fonts-roboto-unhinted"

# The packages of Debian's unstable suite are unpacked into a folder of their own and
# never installed: installing would pull that suite's Python onto the machine.
fetch_odoo() {
    local dir=$CACHE/odoo apt mirror
    [ -e "$dir/root/.complete" ] && return
    command -v apt-get >/dev/null ||
        die "no apt-get here: set ODOO_SOURCE=/path/to/odoo (an Odoo 19 checkout)"
    rm -rf "$dir/root"; mkdir -p "$dir/root" "$dir/debs" "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk -v r="$(. /etc/os-release; echo "$VERSION_CODENAME")" '$1 == r { print $2; exit }')
    [ -n "$mirror" ] || die "no Debian mirror in the apt sources: set ODOO_SOURCE=/path/to/odoo"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$dir/apt/sources.list"
    apt=(-o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=-
         -o "Dir::State::Lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache"
         -o APT::Sandbox::User=root)
    say "fetching Odoo 19 (about 130 MB, once)"
    quietly "$CACHE/log/odoo-update.log" apt-get "${apt[@]}" update ||
        die "cannot read the package index: see $CACHE/log/odoo-update.log, or set ODOO_SOURCE"
    # shellcheck disable=SC2086
    (cd "$dir/debs" && rm -f ./*.deb && quietly "$CACHE/log/odoo-download.log" apt-get "${apt[@]}" download $ODOO_PACKAGES) ||
        die "cannot download Odoo: see $CACHE/log/odoo-download.log, or set ODOO_SOURCE"
    say "unpacking Odoo"
    for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
    # Debian leaves out a non-free library that the backend bundle names; an empty file
    # keeps the bundle free of console errors (it only serves background blur in calls).
    mkdir -p "$dir/root/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation"
    echo "/* not shipped by Debian */" \
        >"$dir/root/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    rm -rf "$dir/apt" "$dir/debs"
    touch "$dir/root/.complete"
}

ensure_odoo() {
    if [ -n "${ODOO_SOURCE:-}" ]; then
        [ -f "$ODOO_SOURCE/odoo/release.py" ] || die "ODOO_SOURCE=$ODOO_SOURCE holds no odoo/release.py"
        ODOO_PATH=$(cd "$ODOO_SOURCE" && pwd)
    else
        [ -e "$CACHE/odoo/root/.complete" ] || locked "$CACHE/.lock-odoo" fetch_odoo
        ODOO_PATH=$CACHE/odoo/root/usr/lib/python3/dist-packages
    fi
    CORE_ADDONS=$ODOO_PATH/odoo/addons
    [ -d "$ODOO_PATH/addons/sale" ] && CORE_ADDONS=$ODOO_PATH/addons,$ODOO_PATH/odoo/addons
    CORE_RELEASE=$ODOO_PATH/odoo/release.py
    export PYTHONPATH=$ODOO_PATH
}

# --- Python --------------------------------------------------------------------------

fetch_venv() {
    [ -e "$VENV/.complete" ] && return
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || ensure_packages /nonexistent:python3-venv
    say "installing the pinned Python packages (once)"
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
    quietly "$CACHE/log/pip.log" env -u PYTHONPATH "$VENV/bin/pip" install -r "$ROOT/requirements-dev.txt" ||
        die "pip failed: see $CACHE/log/pip.log"
    touch "$VENV/.complete"
}

# Prints what the virtualenv is keyed by, and fails for a Python that Odoo 19 does not run on.
python_key() {
    "$1" -c 'import sys
print(sys.version_info[:2], sys.base_prefix)
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

ensure_venv() {
    local candidate key
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}; do
        key=$(python_key "$candidate") && break
        key=
    done
    if [ -z "$key" ] && [ -z "${PYTHON:-}" ] && ! command -v python3 >/dev/null; then
        ensure_packages python3:python3
        candidate=python3
        key=$(python_key python3) || key=
    fi
    [ -n "$key" ] || die "Odoo 19 runs on Python 3.10 to 3.13: set PYTHON=/path/to/such/a/python3"
    PYTHON=$candidate
    key=$({ echo "$key"; cat "$ROOT/requirements-dev.txt"; } | sha256sum | cut -c1-10)
    VENV=$CACHE/venv-$key
    [ -e "$VENV/.complete" ] || locked "$CACHE/.lock-venv" fetch_venv
}

# --- PostgreSQL ----------------------------------------------------------------------

pg_user() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

pg_bin() {
    # A cluster stays with the major version that made it.
    local version
    version=$(cat "$1/data/PG_VERSION" 2>/dev/null) || version='*'
    ls -d /usr/lib/postgresql/$version/bin 2>/dev/null | sort -V | tail -n 1
}

start_cluster() {
    local bin dir=$1 kind=$2
    bin=$(pg_bin "$dir")
    [ -n "$bin" ] || die "the PostgreSQL that made $dir is gone: install it again, or delete that folder"
    if [ ! -e "$dir/data/PG_VERSION" ]; then
        say "making a PostgreSQL cluster for this checkout ($kind)"
        rm -rf "$dir"; mkdir -p "$dir"; chmod 700 "$dir"
        [ "$(id -u)" != 0 ] || chown postgres "$dir"
        (cd /; quietly "$STATE/log/initdb-$kind.log" pg_user "$bin/initdb" -D "$dir/new" -U "$PGUSER" -A trust -E UTF8 --locale=C.UTF-8) ||
            die "initdb failed: see $STATE/log/initdb-$kind.log"
        {
            echo "listen_addresses = ''"
            echo "unix_socket_directories = '$dir'"
            echo "shared_buffers = 512MB"
            echo "max_connections = 200"
            echo "max_wal_size = 2GB"
            # Only what can be built again trades durability for speed.
            [ "$kind" != test ] || printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n'
        } | pg_user tee -a "$dir/new/postgresql.conf" >/dev/null
        mv "$dir/new" "$dir/data"
    fi
    (cd /; pg_user "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1) && return
    (cd /; pg_user "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w start >/dev/null) ||
        die "PostgreSQL does not start: see $dir/server.log"
}

# ensure_postgres run|test: the server named by PGHOST, else a private cluster reached
# over its socket only.
ensure_postgres() {
    CLUSTER=$1
    export PGUSER=${PGUSER:-odoo}
    if [ -n "$ASKED_PGHOST" ]; then
        ensure_packages psql:postgresql-client
        psql -d postgres -Atc 'SELECT 1' >/dev/null ||
            die "cannot reach the PostgreSQL server at PGHOST=$PGHOST as $PGUSER: check PGHOST, PGPORT, PGUSER, PGPASSWORD"
        return
    fi
    ensure_packages /usr/lib/postgresql:postgresql psql:postgresql-client
    local dir=$STATE/postgres-$1
    [ ${#dir} -lt 90 ] || die "the path $dir is too long for a socket: set SUBSCRIPTIONS_CACHE to a shorter one"
    export PGHOST=$dir PGPORT=5432
    psql -d postgres -Atc 'SELECT 1' >/dev/null 2>&1 || locked "$STATE/.lock-postgres-$1" start_cluster "$dir" "$1"
}

# --- addons and configuration --------------------------------------------------------

assemble() {
    ensure_packages git:git
    locked "$STATE/.lock-addons" "${VENV:+$VENV/bin/}python3" "$ROOT/scripts/assemble" "$ADDONS" ||
        die "cannot copy the addons to $ADDONS: the lines above say why"
}

# write_conf FILE LINE…
write_conf() {
    local conf=$1; shift
    {
        echo "[options]"
        echo "addons_path = $CORE_ADDONS,$ADDONS"
        echo "data_dir = $DATA"
        echo "db_host = $PGHOST"
        echo "db_port = ${PGPORT:-5432}"
        echo "db_user = $PGUSER"
        # The password of a demonstration is admin: not for the network.
        echo "http_interface = 127.0.0.1"
        [ -z "${PGPASSWORD:-}" ] || echo "db_password = $PGPASSWORD"
        printf '%s\n' "$@"
    } >"$conf.$BASHPID"
    chmod 600 "$conf.$BASHPID"
    mv "$conf.$BASHPID" "$conf"
}

ensure_addons() {
    assemble
    # The two clusters know databases of the same name, so they share no files either.
    DATA=$STATE/data-$CLUSTER
    CONF=$STATE/odoo-$CLUSTER.conf
    write_conf "$CONF"
}

odoo_cli() { "$VENV/bin/python" -m odoo "$@"; }

# --- databases -----------------------------------------------------------------------

has_database() { [ -n "$(psql -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$1'")" ]; }

drop_database() {
    PGOPTIONS='-c client_min_messages=warning' psql -d postgres -qc "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)"
    rm -rf "$DATA/filestore/$1"
}

# A database's comment says what it was made of; one without is half made.
database_key() { psql -d postgres -Atc "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '$1'"; }
set_database_key() { psql -d postgres -qc "COMMENT ON DATABASE \"$1\" IS '$2'"; }

copy_filestore() {
    [ -d "$1" ] || return 0
    mkdir -p "$(dirname "$2")"
    # Odoo never writes into a file of its store again, so links will do.
    cp -al "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -a "$1" "$2"; }
}

copy_database() {
    drop_database "$2"
    psql -d postgres -qc "CREATE DATABASE \"$2\" TEMPLATE \"$1\"" ||
        die "cannot copy database $1: nobody may be connected to it"
    copy_filestore "$DATA/filestore/$1" "$DATA/filestore/$2"
    # Two databases must not share an identity: it is what provider keys are made of.
    psql -d "$2" -qc "UPDATE ir_config_parameter SET value = gen_random_uuid() WHERE key = 'database.uuid'"
    # Nor does a copy charge; ours have only test providers, and may.
    psql -d "$2" -qc "DELETE FROM ir_config_parameter WHERE key = 'subscriptions.charging_right'"
}

rename_database() {
    drop_database "$2"
    psql -d postgres -qc "ALTER DATABASE \"$1\" RENAME TO \"$2\""
    [ ! -d "$DATA/filestore/$1" ] || mv "$DATA/filestore/$1" "$DATA/filestore/$2"
}

# ensure_base NAME MODULES [--with-demo]: an Odoo database with the modules we build upon.
# It is built once per machine and kept as a dump, so that another checkout restores it.
ensure_base() {
    local key
    key=$({ echo "$2 ${3:-}"; cat "$CORE_RELEASE"; stat -c %Y "$CORE_RELEASE"; } | sha256sum | cut -c1-10)
    [ "$(database_key "$1$SUFFIX")" = "$key" ] || locked "$CACHE/.lock-base-$1" make_base "$1" "$2" "${3:-}" "$key"
}

make_base() {
    local name=$1 db=$1$SUFFIX modules=$2 demo=$3 key=$4 dump=$CACHE/base/$1-$4
    [ "$(database_key "$db")" != "$key" ] || return 0
    drop_database "$db"
    # C collation: the same order of records on every machine.
    psql -d postgres -qc "CREATE DATABASE \"$db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'" 2>/dev/null ||
        psql -d postgres -qc "CREATE DATABASE \"$db\" TEMPLATE template0 ENCODING 'UTF8'" ||
        die "cannot create databases as $PGUSER: give it the right CREATEDB"
    if [ -e "$dump/complete" ]; then
        say "restoring Odoo's base database $name"
        quietly "$STATE/log/restore-$name.log" pg_restore -j2 --no-owner -d "$db" "$dump/db" ||
            die "cannot restore $dump: delete that folder and try again"
        [ ! -d "$dump/filestore" ] || { mkdir -p "$DATA/filestore"; cp -r "$dump/filestore" "$DATA/filestore/$db"; }
    else
        say "building Odoo's base database $name (once, 1 to 3 minutes)"
        rm -f "$STATE/log/base-$name.log"
        # shellcheck disable=SC2086
        quietly "$STATE/log/base-$name.log" odoo_cli server -c "$CONF" -d "$db" -i "$modules" $demo \
            --stop-after-init --no-http --max-cron-threads=0 ||
            die "cannot install Odoo's own modules: see $STATE/log/base-$name.log"
        rm -rf "$dump"; mkdir -p "$dump"
        # A newer server than client can be worked with, only not dumped.
        if pg_dump -Fd -j2 -Z1 -f "$dump/db" "$db" 2>"$STATE/log/dump-$name.log"; then
            [ ! -d "$DATA/filestore/$db" ] || cp -r "$DATA/filestore/$db" "$dump/filestore"
            touch "$dump/complete"
        fi
    fi
    set_database_key "$db" "$key"
}

# What databases with our addons are made of: all their files but tests and texts.
addons_key() {
    (cd "$ADDONS" && find . -type f ! -path '*/tests/*' ! -path '*/__pycache__/*' ! -name '*.md' -print0 |
        sort -z | xargs -0r sha256sum | sha256sum | cut -c1-10)
}

# ensure_installed NAME BASE MODULES [--with-demo]: BASE plus our addons as they stand.
# With FAST=1 an outdated one will do, as long as only the bodies of methods changed.
ensure_installed() { locked "$STATE/.lock-installed-$1" make_installed "$@"; }

make_installed() {
    local db=$1$SUFFIX base=$2$SUFFIX key
    key=$(addons_key)-$3-$(database_key "$base")
    [ "$(database_key "$db")" != "$key" ] || return 0
    [ -z "${FAST:-}" ] || [ -z "$(database_key "$db")" ] || return 0
    say "installing $3 into a copy of $2"
    copy_database "$base" "$db"
    install_addons "$db" "$3" "${4:-}"
    set_database_key "$db" "$key"
}

# The addons in addons/, each after a comma.
companions() { (cd "$ROOT/addons" && for addon in */; do printf ',%s' "${addon%/}"; done); }

# What the companions depend on, but for us: the base they are installed upon.
companion_bases() {
    "$VENV/bin/python" - "$ROOT"/addons/*/__manifest__.py <<'PY'
import ast, pathlib, sys
manifests = [pathlib.Path(name) for name in sys.argv[1:]]
ours = {path.parent.name for path in manifests} | {"subscriptions"}
wanted = {name for path in manifests for name in ast.literal_eval(path.read_text())["depends"]}
print(",".join(sorted(wanted - ours)))
PY
}

# missing_addons DB MODULES SEPARATOR: those that are not installed.
missing_addons() {
    psql -d "$1" -Atc "SELECT string_agg(name, '$3') FROM unnest(string_to_array('$2', ',')) AS name
        WHERE name NOT IN (SELECT name FROM ir_module_module WHERE state = 'installed')"
}

# install_addons DB MODULES [--with-demo]
install_addons() {
    local db=$1 modules=$2 demo=${3:-} log=$STATE/log/install-$1.log missing
    rm -f "$log"
    # shellcheck disable=SC2086
    quietly "$STATE/log/install-$db.out" odoo_cli server -c "$CONF" -d "$db" -i "$modules" $demo \
        --stop-after-init --no-http --max-cron-threads=0 --logfile "$log" ||
        { tail -n 30 "$log" >&2; die "installing $modules failed: see $log"; }
    # Odoo shrugs at a name it does not know, and at demo data that does not load.
    missing=$(missing_addons "$db" "$modules" ' ')
    [ -z "$missing" ] || die "not installed: $missing; see $log"
    if [ -n "$demo" ] && grep -q 'demo data failed to install' "$log"; then
        grep -A 30 'demo data failed to install' "$log" >&2
        die "the demo data does not load: see $log"
    fi
}

# ensure_all run|test: everything up to, but without, a database.
ensure_all() {
    ensure_packages git:git wkhtmltopdf:wkhtmltopdf
    [ "$1" = run ] || ensure_packages chromium:chromium pdftotext:poppler-utils
    ensure_odoo
    ensure_venv
    mkdir -p "$STATE/log"
    ensure_postgres "$1"
    ensure_addons
}
