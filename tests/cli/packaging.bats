load helper

root=$BATS_TEST_DIRNAME/../..

# options TOOL - all forms of its options, from its help
options() {
    "$1" --help | sed -n -E -e 's/^  (-.), (--[a-z-]+).*/\1\n\2/p' \
        -e 's/^      (--[a-z-]+).*/\1/p' | sort
}

# complete_bash WORD... - what bash offers for the last word
complete_bash() {
    bash -c '. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) &&
        compopt() { printf "<%s>\n" "$2"; } &&
        _fedmrn "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" &&
        printf "%s\n" "${COMPREPLY[@]}"' \
        "$root/samples/packaging/completion/fedmrn.bash" "$@" | sed '/^$/d'
}

@test "bash completes every option of every tool" {
    for path in "$root"/cmd/*.c; do
        tool=$(basename "$path" .c)
        options "$tool" | grep -e -- >want
        [ "$(wc -l <want)" -ge 4 ]
        complete_bash "$tool" -- | sort >got
        diff want got
        bash -c '. "$0"; complete -p "$1"' \
            "$root/samples/packaging/completion/fedmrn.bash" "$tool"
    done
    run -0 complete_bash fedmrn-pack --coun
    [ "$output" = --counts ]
}

@test "bash completes words, files and directories by what the help says" {
    cat >fedmrn-fake <<'EOF'
#!/bin/sh
cat <<'HELP'
usage: fedmrn-fake
  -m, --model FILE        a file
      --coder raw|rans|auto
                          words
  -o, --output DIR        a directory
      --lr X              a number
HELP
EOF
    chmod +x fedmrn-fake
    PATH=$PWD:$PATH
    run -0 complete_bash fedmrn-fake --coder r
    [ "$output" = $'raw\nrans' ]
    run -0 complete_bash fedmrn-fake --coder = a
    [ "$output" = auto ]
    run -0 complete_bash fedmrn-fake --coder =
    [ "$output" = $'raw\nrans\nauto' ]
    run -0 complete_bash fedmrn-fake -o ''
    [ "$output" = '<dirnames>' ]
    run -0 complete_bash fedmrn-fake --model x
    [ "$output" = '<default>' ]
    run -0 complete_bash fedmrn-fake --lr ''
    [ -z "$output" ]
    run -0 complete_bash fedmrn-fake x
    [ "$output" = '<default>' ]
}

# complete_zsh TEXT END - what zsh offers for a line, read as far as END; in a
# terminal of its own, since completion is a part of the line editor.
complete_zsh() {
    zsh -f -c '
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D;
            LISTMAX=1000; TERM=dumb; PS1=; stty rows 200 cols 100; print re\ady"
        zpty -r -m z out "*ready*"
        zpty -w -n z "$2"$'\''\t\t'\''
        until [[ $all == *${~3}* ]]; do zpty -r z out; all+=$out; done
        print -r -- "$all"
    ' zsh "$root/samples/packaging/completion" "$1" "$2"
}

@test "zsh completes options, with what they mean" {
    command -v zsh >/dev/null || skip "no zsh here"
    for path in "$root"/cmd/*.c; do
        tool=$(basename "$path" .c)
        all=$(options "$tool" | grep -e -- | LC_ALL=C sort)
        run -0 timeout 20 bash -c "$(declare -f complete_zsh); root=$root
            complete_zsh '$tool --' '${all##*$'\n'} *-- '"
        for o in $all; do
            [[ $output == *"$o "* ]] || { echo "$tool $o"; false; }
        done
    done
}

@test "make install and uninstall: tools, manuals for man -k, library, completions" {
    make -s -C "$root" BUILD="$(dirname "$(dirname "$(command -v fedmrn-init)")")" \
        install DESTDIR="$PWD/stage" PREFIX=/opt/f >/dev/null
    f=$PWD/stage/opt/f
    run -0 "$f/bin/fedmrn-init" --version
    for tool in "$f"/bin/*; do
        name=$(basename "$tool")
        [ -f "$f/share/man/man1/$name.1" ]
        [ -f "$f/share/bash-completion/completions/$name" ]
    done

    cp -r "$f/share/man" man
    if command -v mandb >/dev/null && mandb -q -c man 2>/dev/null; then
        run -0 man -M man -k fedmrn
        for m in "$root"/man/*.[157]; do
            name=$(basename "$m")
            [[ $output == *"${name%.*} (${name##*.})"* ]] ||
                { echo "$name"; false; }
        done
    fi

    # A program against the installed library alone.
    cat >use.c <<'EOF'
#include "rand/philox.h"
#include "tensor/model.h"
#include <stdio.h>
int main(void)
{
    struct fm_err e = {0};
    fm_model_free(NULL);
    return e.code;
}
EOF
    export PKG_CONFIG_PATH=$f/lib/pkgconfig
    run -0 pkg-config --define-variable=prefix="$f" --cflags --libs fedmrn
    # What the library was built with, the program is.
    san=
    ! nm "$f/lib/libfedmrn.a" 2>/dev/null | grep -q __asan_init ||
        san=-fsanitize=address,undefined
    # shellcheck disable=SC2086 # words
    ${CC:-cc} -Wall -Werror $san -o use use.c $output
    ./use
    [ "$(pkg-config --modversion fedmrn)" = \
        "$("$f/bin/fedmrn-init" --version | cut -d' ' -f2)" ]

    # Every header is complete as installed.
    for h in $(cd "$f/include/fedmrn" && find . -name '*.h'); do
        echo "#include \"$h\""
    done >all.c
    ${CC:-cc} -D_GNU_SOURCE -I"$f/include/fedmrn" -fsyntax-only all.c

    make -s -C "$root" uninstall DESTDIR="$PWD/stage" PREFIX=/opt/f
    run -0 find stage -type f
    [ -z "$output" ]
}

@test "a stick runs where nothing but a shell is installed" {
    sh "$root/samples/packaging/stick.sh" \
        "$(dirname "$(command -v fedmrn-init)")" 'a stick' >said
    run -3 sh "$root/samples/packaging/stick.sh" "$PWD" 'a stick'
    [[ $output == *"exists"* ]]
    # Nothing that a FAT file system cannot hold.
    run -0 find 'a stick' '(' -type l -o -name '*[:?*<>|"]*' ')'
    [ -z "$output" ]
    run -0 env PATH="$PWD/a stick/bin" /bin/sh -c 'fedmrn-init -a mlp --input 4 \
        --classes 2 | fedmrn-verify -'
    (cd 'a stick/bin' && run -0 sh fedmrn-init --version)

    [ "$(id -u)" = 0 ] || skip "only root may change the root"
    ! grep -q __asan_init "$(command -v fedmrn-init)" ||
        skip "a sanitizer wants /proc"
    mkdir -p bare/bin
    for f in $(ldd "$(command -v dash)" | grep -o '/[^ ]*'); do
        mkdir -p "bare${f%/*}" && cp -L "$f" "bare$f"
    done
    cp "$(command -v dash)" bare/bin/sh
    cp -r 'a stick' bare/stick
    chroot=$(command -v chroot)
    PATH=/stick/bin "$chroot" bare /bin/sh -c 'fedmrn-init -a mlp --input 4 \
        --classes 2 -o w0 && fedmrn-verify w0 && fedmrn-eval --version'
}

@test "make deb: packages that lintian has no errors for" {
    command -v dpkg-buildpackage >/dev/null && command -v lintian >/dev/null &&
        command -v dh >/dev/null || skip "no debhelper and lintian here"
    DEB_BUILD_OPTIONS='noopt parallel=2 noautodbgsym' \
        sh "$root/samples/packaging/deb.sh" out
    run -0 lintian --allow-root --fail-on error out/*.deb
    dpkg-deb -x out/fedmrn_*.deb there
    run -0 there/usr/bin/fedmrn-init --version
    run -3 sh "$root/samples/packaging/deb.sh" out
    [[ $output == *"is not empty"* ]]
}
