# SPDX-License-Identifier: Apache-2.0
# Stages of continuous integration, for .ci/run. A stage is a command with a name. `begin` starts one beside what
# follows, `end` waits for stages and prints what they said, `stage` does both. Each writes to a file of its own, so
# that the lines of two are never mixed. The first that fails is printed whole, and ends the run with all others.
# When the run ends, a table says when each stage began and how long it took.

logs=build/ci
rm -rf $logs
mkdir -p $logs
# With job control each stage is a process group, and can be ended with all that it has started.
set -m
declare -A groups=() begun=()
names=()

begin() { # NAME COMMAND...
    local name=$1
    shift
    names+=("$name")
    begun[$name]=$SECONDS
    echo "== $name begins: $*"
    (
        set +me
        (set -e && "$@") >"$logs/$name.log" 2>&1 </dev/null
        echo "$? $((SECONDS - begun[$name]))" >"$logs/$name.part"
        mv "$logs/$name.part" "$logs/$name.status"
    ) &
    groups[$name]=$!
}

end() { # NAME...
    local name other
    for name in "$@"; do
        while running "$name"; do
            for other in "${!groups[@]}"; do
                running "$other" || passed "$other" || give_up "$other"
            done
            sleep 1
        done
        passed "$name" || give_up "$name"
        unset "groups[$name]"
        echo "== $name has passed, and said at last:"
        tail -n 40 "$logs/$name.log"
    done
}

stage() { # NAME COMMAND...
    begin "$@"
    end "$1"
}

running() { # NAME
    [ ! -e "$logs/$1.status" ] && kill -0 "${groups[$1]}" 2>/dev/null
}

passed() { # NAME of a stage that runs no more; one that was killed has left no status
    grep -q '^0 ' "$logs/$1.status" 2>/dev/null
}

give_up() { # NAME
    echo "== $1 has FAILED, and said:"
    cat "$logs/$1.log"
    exit 1
}

finish() {
    local status=$? name result seconds
    set +e
    trap '' INT TERM HUP
    if [ ${#groups[@]} -gt 0 ]; then
        [ $status != 0 ] || { echo "nobody waited for ${!groups[*]}"; status=1; }
        {
            kill -- "${groups[@]/#/-}"
            sleep 5
            kill -KILL -- "${groups[@]/#/-}"
            wait
        } 2>/dev/null
    fi
    printf '\n%-12s %6s %8s  %s\n' stage from seconds "its last line"
    for name in "${names[@]}"; do
        seconds=-
        [ ! -e "$logs/$name.status" ] || read -r result seconds <"$logs/$name.status"
        printf '%-12s %6d %8s  %s\n' "$name" "${begun[$name]}" "$seconds" "$(tail -n 1 "$logs/$name.log" | cut -c 1-90)"
    done
    printf '%-12s %6d %8d  %s\n' all 0 $SECONDS "$([ $status = 0 ] && echo passed || echo FAILED)"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
