load helper

# Three numbers a row, of which the label decides none.
table() {
    awk -v n="$1" -v x="$2" 'BEGIN {
        print "age,ill,\"dose, mg\""
        for (i = 0; i < n; i++) {
            x = x * 16807 % 2147483647
            printf "%.1f,%d,%.3e\n", x % 900 / 10, x % 2, x / 1e12 - 0.001
        }
    }' </dev/null
}

@test "stats: sites' sums add up to those of all rows, in any order" {
    table 40 1 >a.csv
    table 70 2 >b.csv
    table 5 3 >c.csv
    { cat a.csv; tail -n +2 b.csv; tail -n +2 c.csv; } >all.csv
    for f in a b c all; do
        fedmrn-stats --data $f.csv --label ill -o $f.sums
    done
    fedmrn-stats a.sums b.sums c.sums | cmp - all.sums
    fedmrn-stats b.sums a.sums -o ab
    cat c.sums ab | fedmrn-stats - | cmp - all.sums
    [ "$(fedmrn-stats --settings a.sums b.sums c.sums)" = \
        "$(fedmrn-stats --settings all.sums)" ]
    seq 0 39 >rows
    fedmrn-stats --data all.csv --label ill --indices rows | cmp - a.sums
}

@test "stats: mean and deviation, for init and as JSON" {
    printf 'a,b,y\n1,5,0\n2,5,1\n3,5,0\n4,5,1\n' |
        fedmrn-stats --data - --label y -o sums
    [ "$(fedmrn-stats --settings sums)" = "--mean=2.5,5 --std=1.118034,1" ]
    [ "$(fedmrn-stats --json sums)" = '{"kind":"table","count":4,"features":[{"name":"a","mean":2.5,"std":1.118033988749895},{"name":"b","mean":5.0,"std":0.0}]}' ]
    printf '%s\n' 'input 2' 'linear 2' >net
    # shellcheck disable=SC2046 # options are meant
    fedmrn-init -a net $(fedmrn-stats --settings sums) -o w0
    [ "$(fedmrn-inspect --json w0 | jq -c '[.settings.mean, .settings.std]')" = \
        '["2.5,5","1.118034,1"]' ]
}

@test "stats: images by channel, vectors by element" {
    idx 2 2 1 2 -- 0 255 51 51 0 255 102 102 >images
    [ "$(fedmrn-stats --images images --settings)" = "--mean=0.5,0.3 --std=0.5,0.1" ]
    idx 2 2 -- 0 255 255 255 >vectors
    gzip vectors
    [ "$(fedmrn-stats --images vectors.gz | fedmrn-stats --settings)" = \
        "--mean=0.5,1 --std=0.5,1" ]
    idx 1 1025 -- 1 >many
    run -3 --separate-stderr fedmrn-stats --images many --settings -o x
    [[ $stderr == "fedmrn-stats: 1025 features, but a model keeps at most 1024 means; "* ]]
    [ ! -e x ]
    idx 1 1024 -- 1 >many
    printf '%s\n' 'input 1024' 'linear 2' >net
    # shellcheck disable=SC2046 # options are meant
    fedmrn-init -a net $(fedmrn-stats --images many --settings) -o w0
    [ "$(fedmrn-inspect --json w0 | jq '.settings.mean | split(",") | length')" = 1024 ]
}

@test "stats: what does not belong together is refused by name" {
    printf 'a,b,y\n1,2,0\n' >ab.csv
    printf 'b,a,y\n1,2,0\n' >ba.csv
    fedmrn-stats --data ab.csv --label y -o ab
    fedmrn-stats --data ba.csv --label y -o ba
    refused() {
        run -3 --separate-stderr fedmrn-stats -o x "${@:2}"
        [ "$stderr" = "fedmrn-stats: $1" ]
        [ ! -e x ]
    }
    refused "ba: feature 1 is 'b', but 'a' before it; all tables need the same columns in one order" ab ba
    cp ab again
    refused "again: the same sums a second time; each site counts once" ab again
    idx 1 2 -- 7 >images
    fedmrn-stats --images images -o i
    refused "i: sums of pixels do not add up with those of a table" ab i
    refused "ab.csv: not a file of sums; fedmrn-stats --data or --images makes one" ab.csv
    head -c 64 ab >short
    refused "short: line 4: cut short" short
    refused "nosuch: No such file or directory" nosuch
    sed 's/^a/c/' ab >changed
    run -3 --separate-stderr fedmrn-stats changed
    [[ $stderr == "fedmrn-stats: changed: damaged: the checksum of its bytes is "* ]]
    printf 'a,y\nred,1\n' >red
    refused "red: a table; say by --label which column has the labels" --data red
    refused "red: line 2, column 'a': 'red' is not a number that a float can hold; a list of --categories makes features of words" --data red --label y
}

@test "stats: usage errors are status 2" {
    printf 'a,y\n1,0\n' >t
    usage() {
        run -2 --separate-stderr fedmrn-stats "${@:2}"
        [[ $stderr == *"$1"* ]]
    }
    usage "option --label: needs --data" --label y
    usage "options --images and --data: one is enough" --data t --label y --images t
    usage "option --indices: needs --data or --images" --indices t
    usage "sums are added up when all are made" --data t --label y sums
    usage "options --settings and --json: one is enough" --settings --json t
    usage "standard input cannot be read twice" - -
    usage "standard input cannot be read twice" --data - --label y --indices -
}

@test "stats: a draft of the categories, which the others read" {
    awk 'BEGIN {
        print "ID,age,sex,ill"
        for (i = 0; i < 20; i++)
            print 100 - i "," i % 7 "," (i % 2 ? "f" : "m") "," \
                (i % 3 ? "no" : "yes")
    }' </dev/null >t
    gzip t
    fedmrn-stats --draft --data t.gz --label ill -o list
    [ "$(cat list)" = $'ill\tno\tyes\nID\nsex\tf\tm' ]
    run -0 fedmrn-stats --data t.gz --label ill --categories list --json
    [ "$(jq -c '[.features[].name]' <<<"$output")" = '["age","sex=f","sex=m"]' ]
    run -3 --separate-stderr fedmrn-stats --data t.gz --label ill
    [ "$stderr" = "fedmrn-stats: t.gz: line 2, column 'sex': 'm' is not a number that a float can hold; a list of --categories makes features of words" ]
    run -3 --separate-stderr fedmrn-stats --draft --data t.gz --label x
    [[ $stderr == "fedmrn-stats: t.gz: no column 'x' for a label; "* ]]
    idx_labels 0 1 >labels
    run -3 --separate-stderr fedmrn-stats --draft --data labels --label ill
    [ "$stderr" = "fedmrn-stats: labels: an IDX file; a draft is of a table's columns, and nothing else takes --categories" ]
    run -2 --separate-stderr fedmrn-stats --draft --data t.gz --label ill --json
    [[ $stderr == *"option --json means nothing with --draft"* ]]
    run -2 fedmrn-stats --draft list
    # As spreadsheets write it: what is not UTF-8 is no JSON, but a name.
    printf 'sep=;\nGr\xf6\xdfe;y\n1;0\n3;1\n' >t
    run -0 fedmrn-stats --json --data t --label y
    [ "$(jq -c '.features[0] | [.name, .mean]' <<<"$output")" = '["Gr??e",2]' ]
    iconv -f UTF-8 -t UTF-16 <list >wide
    run -3 --separate-stderr fedmrn-stats --data wide --label y
    [[ $stderr == "fedmrn-stats: wide: a text in UTF-16; "* ]]
}
