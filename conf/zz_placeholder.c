typedef int nothing_conf;
