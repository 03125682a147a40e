"""What a trained graph is asked beyond the metrics of single examples."""
