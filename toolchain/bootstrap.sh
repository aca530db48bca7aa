# shellcheck shell=bash
# What bin/pulumi, bin/lytics-ml and the Makefile have in common: a virtual environment and an
# engine that are known to be there. Sourced, with $root set to the folder of this project.
#
# The usual case, where both are there, is a few file tests and one `cmp`: no Python is started.
# Everything slower is left to the Python package beside this file.

: "${root:?is set by who sources this}"
venv=$root/.venv

# Prints a Python 3.11 or later that can make virtual environments, or says what is missing.
find_python() {
  local name found=
  for name in python3.14 python3.13 python3.12 python3.11 python3; do
    command -v "$name" >/dev/null 2>&1 || continue
    # A name on PATH may be a shim without a Python behind it, so it is run, not just found.
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      found=$name
      if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        printf '%s\n' "$name"
        return 0
      fi
    fi
  done
  if [[ -n $found ]]; then
    echo "lytics-ml: $found cannot make virtual environments; install its venv module" \
      "(on Debian and Ubuntu: apt-get install python3-venv)." >&2
  else
    echo "lytics-ml: no Python 3.11 or later on PATH; install one from" \
      "https://www.python.org/downloads/ and run this again." >&2
  fi
  return 1
}

# True if what requirements file $1 asks for is what was last installed into .venv.
has_installed() {
  cmp -s "$root/$1" "$venv/.installed-$1"
}

# Makes sure that .venv has what running needs, or, with "dev", also what developing needs.
need_venv() {
  local made_in='' python
  if [[ -x $venv/bin/python ]] && { read -r made_in <"$venv/.made-in"; } 2>/dev/null &&
    [[ $made_in == "$root" ]]; then
    if has_installed requirements-dev.txt; then return 0; fi
    if [[ ${1-} != dev ]] && has_installed requirements.txt; then return 0; fi
  fi
  python=$(find_python) || return 1
  PYTHONPATH=$root "$python" -P -m toolchain venv ${1:+--dev} </dev/null >&2
}

# Prints the only folder outside this project that is ever written to, as places.py has it.
cache_folder() {
  printf '%s\n' "${LYTICS_ML_CACHE:-${XDG_CACHE_HOME:-${HOME:-$root}/.cache}/lytics-ml}"
}

# Sets $engine to a folder with a Pulumi of a version that we support, getting it first if need be.
need_engine() {
  local version cache wanted seen=
  engine=
  { read -r version <"$root/toolchain/VERSION"; } || return 1
  cache=$(cache_folder)
  wanted="$version $cache"
  # A Pulumi that was changed after it was looked at is looked at again.
  if { { IFS= read -r engine && IFS= read -r seen; } <"$venv/.engine"; } 2>/dev/null &&
    [[ $seen == "$wanted" && -x $engine/pulumi && $venv/.engine -nt $engine/pulumi ]]; then
    return 0
  fi
  PYTHONPATH=$root "$venv/bin/python" -P -m toolchain get "$wanted" </dev/null >&2 || return 1
  IFS= read -r engine <"$venv/.engine"
}

# True if the Pulumi home $1 has a login; a login with our own default backend is none.
has_login() {
  local text
  [[ -r $1/credentials.json ]] || return 1
  text=$(<"$1/credentials.json")
  [[ $text =~ \"current\":[[:space:]]*\"([^\"]+)\" && ${BASH_REMATCH[1]} != "$default_backend" ]]
}

# Sets $folder to that of the Pulumi.yaml in use from $1 upwards, and $project to its path.
find_project() {
  folder=$1
  while :; do
    for project in "${folder%/}/Pulumi.yaml" "${folder%/}/Pulumi.yml"; do
      [[ -f $project ]] && return 0
    done
    [[ -z $folder || $folder == / ]] && break
    folder=${folder%/*}
  done
  folder=$root project=
  return 1
}

# Sets $chosen to the stack that is selected for the project in Pulumi home $1.
selected_stack() {
  local file line name='' sum text
  chosen=
  [[ -n $project ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^name:[[:space:]]*[\"\']?([A-Za-z0-9_.-]+) ]]; then name=${BASH_REMATCH[1]}; fi
  done <"$project"
  # The selection is kept under a hash of the project file's path, as pkg/workspace of Pulumi does.
  sum=$(printf %s "$project" | { sha1sum || shasum; } 2>/dev/null) || return 0
  file=$1/workspaces/$name-${sum%% *}-workspace.json
  [[ -r $file ]] || return 0
  text=$(<"$file")
  if [[ $text =~ \"stack\":[[:space:]]*\"([^\"]+)\" ]]; then chosen=${BASH_REMATCH[1]}; fi
}

# Reads pulumi's arguments: sets $named to what --stack says, $start to what --cwd says and $verb to
# the first word; $makes where a stack is made or selected, whose name stands among other words. Only
# options of all commands are known to take a value. Where short options in one word may name a
# stack, $named is "?": no stack has that name.
read_arguments() {
  local arg value_of=''
  named='' start='' verb='' makes=''
  for arg in "$@"; do
    case $value_of in
      stack) named=$arg value_of='' && continue ;;
      cwd) start=$arg value_of='' && continue ;;
      other) value_of='' && continue ;;
    esac
    case $arg in
      --) break ;;
      --stack=* | -s=*) named=${arg#*=} ;;
      --cwd=* | -C=*) start=${arg#*=} ;;
      --stack | -s | -[yfrdj]s | -[yfrdj][yfrdj]s) value_of=stack ;;
      --cwd | -C) value_of=cwd ;;
      --color | --verbose | -v | --tracing | --profiling | --memprofilerate) value_of=other ;;
      -s*) named=${arg#-s} ;;
      -C*) start=${arg#-C} ;;
      --*) ;;
      -*s*) named='?' ;;
      -*) ;;
      *)
        verb=${verb:-$arg}
        case "$verb $arg" in 'stack init' | 'stack select' | new\ *) makes=1 ;; esac
        ;;
    esac
  done
}

# Settles where pulumi keeps state, logins and secrets, for the arguments that it is called with.
# What the user has set is never overridden: a backend, a login, a home, a passphrase.
use_defaults() {
  local home default_home default_backend chosen='' named start verb folder project
  read_arguments "$@"
  # The engine names a project by the path it sees: the logical one, except after a --cwd.
  if [[ -n $start ]]; then start=$(cd -P -- "$start" 2>/dev/null && pwd) || start=$PWD; fi
  find_project "${start:-$PWD}" || :
  default_home=$folder/.pulumi/home
  default_backend=file://$folder/.pulumi/state

  home=${PULUMI_HOME-}
  if [[ -z $home && -n ${HOME-} ]] && has_login "${PULUMI_CREDENTIALS_PATH:-$HOME/.pulumi}"; then
    home=$HOME/.pulumi
  elif [[ -z $home ]]; then
    home=$default_home
    export PULUMI_HOME=$home
  fi

  if [[ -z ${PULUMI_BACKEND_URL-}${PULUMI_ACCESS_TOKEN-} && $verb != login ]] &&
    ! has_login "${PULUMI_CREDENTIALS_PATH:-$home}" && ! has_backend; then
    [[ -d $folder/.pulumi/state ]] || mkdir -p "$folder/.pulumi/state"
    export PULUMI_BACKEND_URL=$default_backend
  fi

  if [[ -z ${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE+set} ]]; then
    choose_stack "$home"
    # `make up` makes the local stack with this passphrase; its one secret is the sandbox's key.
    if [[ ${chosen##*/} == local ]]; then export PULUMI_CONFIG_PASSPHRASE=local; fi
  fi
  export PULUMI_SKIP_UPDATE_CHECK=${PULUMI_SKIP_UPDATE_CHECK:-true}
  # Engine, program and host speak gRPC to each other on this machine: through no proxy.
  export no_grpc_proxy=${no_grpc_proxy:+$no_grpc_proxy,}127.0.0.1,localhost,::1
  # Steps wait for the API, not for this machine: as many at once as the client has connections.
  export PULUMI_PARALLEL=${PULUMI_PARALLEL:-64}
  spare_checkpoints "$home"
  refuse_blind_destroy "$home" || exit 1
  tell_program "$@"
}

# Sets $chosen, once, to the stack that is meant; Pulumi home $1 knows which is selected. A command
# that makes or selects a stack means another than the selected one.
choose_stack() {
  [[ -z $chosen ]] || return 0
  chosen=${named:-${PULUMI_STACK-}}
  [[ -n $chosen || -n $makes ]] || selected_stack "$1"
}

# Lets the engine write the state once, at the end, where the stack's settings say so
# (lytics:stateWrites: end), instead of twice for every step. PULUMI_SKIP_CHECKPOINTS wins.
spare_checkpoints() {
  local line settings
  [[ -z ${PULUMI_SKIP_CHECKPOINTS+set} ]] || return 0
  case $verb in up | update | destroy | down | dn | refresh) ;; *) return 0 ;; esac
  choose_stack "$1"
  settings=$folder/stacks/Pulumi.${chosen##*/}.yaml
  [[ -f $settings ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^[[:space:]]*[\"\']?lytics:stateWrites[\"\']?:[[:space:]]*[\"\']?end[\"\']?[[:space:]]*(#.*)?$ ]]; then
      export PULUMI_SKIP_CHECKPOINTS=true
    fi
  done <"$settings"
}

# Fails, with every mistake, if the file of a stack that is to be destroyed can't be used.
refuse_blind_destroy() {
  local file
  case $verb in destroy | down | dn) ;; *) return 0 ;; esac
  choose_stack "$1"
  file=stacks/${chosen##*/}.yaml
  [[ -f $folder/$file ]] || return 0
  (cd "$folder" && PYTHONPATH=$root "$venv/bin/python" -P -m cli.validate.readable "$file")
}

# Tells the program what it can't see: whether somebody watches, whether debug messages are wanted,
# and that only an up waits for builds. A refresh or a destroy may run the program as well
# (--run-program).
tell_program() {
  local arg debug=
  for arg in "$@"; do
    case $arg in --debug | --debug=* | -d | -[yfrsj]*d*) debug=1 ;; esac
  done
  if [[ -z $debug ]]; then export LYTICS_ML_NO_DEBUG=1; fi
  if [[ -t 1 && -z ${CI-} ]]; then export LYTICS_ML_INTERACTIVE=1; fi
  case $verb in
    destroy | down | dn | refresh | preview | pre) export LYTICS_ML_NO_WAIT=1 ;;
  esac
}

# True if the project file chooses a backend.
has_backend() {
  local line
  [[ -n $project ]] || return 1
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line == backend:* ]] && return 0
  done <"$project"
  return 1
}
